# x86_64 - what is special about this architecture.
HARDEN := -fcf-protection
