import Executor
import Glibc

exit(JobExecutorMain.run(arguments: Array(CommandLine.arguments.dropFirst())))
