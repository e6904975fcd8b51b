import COpenSSL
import Foundation
import Testing

@testable import Report

/// The page's script is the only one that its policy allows.
struct PageScriptTests {
  @Test func `the policy has the script's digest`() {
    let code = Array(PageScript.code.html.utf8)
    var bytes = [UInt8](repeating: 0, count: 32)
    SHA256(code, code.count, &bytes)
    let digest = Data(bytes).base64EncodedString()
    #expect(PageScript.digest == digest)
    #expect(PageScript.policy.html.contains("'sha256-\(digest)'"))
  }

  /// If a script made HTML from texts, names could become elements.
  @Test(arguments: ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("])
  func `the script creates no markup`(word: String) {
    #expect(!PageScript.code.html.contains(word))
  }

  @Test func `the script cannot end its element`() {
    #expect(!PageScript.code.html.lowercased().contains("</script"))
    #expect(!PageScript.code.html.contains("<!--"))
  }
}
