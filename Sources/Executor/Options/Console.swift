import Posix

/// Lines for whoever started the executor; there may be nobody to read them.
enum Console {
  static func say(_ text: String) { try? DescriptorIO.write("hflow-job-execute: \(text)\n", to: 2) }
  static func print(_ text: String) { try? DescriptorIO.write(text + "\n", to: 1) }
}
