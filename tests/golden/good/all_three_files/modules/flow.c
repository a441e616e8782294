#include "flow_emf.h"
