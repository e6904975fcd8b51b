import CLI
import Posix

ProgramStart.leaveOrphansToParent()
CommandLineTool.run(arguments: ProgramStart.arguments)
