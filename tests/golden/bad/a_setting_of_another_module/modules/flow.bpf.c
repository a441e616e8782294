#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";
