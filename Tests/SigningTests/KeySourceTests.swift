import Testing

@testable import Signing

/// Where a key comes from; the function that reads files is an argument.
@Suite struct KeySourceTests {
  private struct Unreadable: Error, CustomStringConvertible { let description = "no such file" }

  private func given(file: String? = nil, variable: String? = nil) throws -> SigningKey? {
    try SigningKey.load(file: file, variable: variable) { path throws(Unreadable) in
      guard path != "none" else { throw Unreadable() }
      return Array((path == "short" ? "abc" : "the secret in the file").utf8)
    }
  }

  private func code(_ key: SigningKey?) -> String? { key?.code(of: [[1]]) }

  @Test func `the file takes precedence over the variable`() throws {
    let inFile = try SigningKey(Array("the secret in the file".utf8))
    let inVariable = try SigningKey(Array("the secret in the variable".utf8))
    #expect(try code(given(file: "key")) == code(inFile))
    #expect(try code(given(variable: "the secret in the variable")) == code(inVariable))
    #expect(try code(given(file: "key", variable: "the secret in the variable")) == code(inFile))
  }

  @Test func `without file and variable there is no key`() throws {
    #expect(try code(given()) == nil)
    #expect(try code(given(variable: "")) == nil)
  }

  @Test(
    arguments: [
      ("none", nil, "--signing-key-file: no such file"),
      ("short", nil, "--signing-key-file short: the signing key has 3 bytes"),
      (nil, "abc", "HFLOW_SIGNING_KEY: the signing key has 3 bytes"),
    ] as [(String?, String?, String)])
  func `an invalid key is reported with its place`(file: String?, variable: String?, what: String) {
    let error = #expect(throws: SigningKeyError.self) {
      try given(file: file, variable: variable)
    }
    #expect(error?.description.hasPrefix(what) == true)
  }

  @Test func `an unreadable file is not replaced by the variable`() {
    #expect(throws: SigningKeyError.self) {
      try given(file: "none", variable: "the secret in the variable")
    }
  }
}
