#include <emf/bpf.h>
#include "places_emf.h"
