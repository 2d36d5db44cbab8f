# aarch64 - what is special about this architecture.
HARDEN := -mbranch-protection=standard
