# drgn_tasks - what does drgn see in a dump? Run by drgn itself: drgn -c DUMP -s VMLINUX drgn_tasks.py
# SPDX-License-Identifier: MIT
from drgn.helpers.linux.cpumask import for_each_online_cpu
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.pid import for_each_task

print("release", prog["init_uts_ns"].name.release.string_().decode())
print("cpus", len(list(for_each_online_cpu(prog))))
for module in list_for_each_entry("struct module", prog["modules"].address_of_(), "list"):
    print("module", module.name.string_().decode())
for task in for_each_task(prog):
    print("task", task.pid.value_(), task.comm.string_().decode())
print("panic", prog["panic_cpu"].counter.value_())
for frame in prog.crashed_thread().stack_trace():
    print("frame", frame.name)
