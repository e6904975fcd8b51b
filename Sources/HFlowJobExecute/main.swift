import Executor
import Glibc
import Posix

ProgramStart.leaveOrphansToParent()
exit(JobExecutorMain.run(arguments: ProgramStart.arguments))
