import COpenSSL
import Glibc
import Posix

/// The result of one read or write.
enum Transfer {
  case bytes(Int)
  /// Nothing was transferred: wait for the descriptor.
  case later
  case end
  case failed(errno: Int32)
  /// TLS has ended the connection.
  case refused(TLSFailure)
}

/// The owner of an OpenSSL session over a connected socket that does not block. The socket
/// remains the caller's.
final class TLSSession {
  private let context: TLSContext
  private let method: OpaquePointer
  private let session: OpaquePointer
  private let name: String
  /// Whether the handshake is done and no error has occurred: only then is the end announced to the
  /// server.
  private var isEstablished = false

  /// - Parameter name: The name or address that the server's certificate must have.
  init(on descriptor: Int32, to name: String, _ files: RedisTLS) throws(TLSFailure) {
    context = try TLSContext(files)
    self.name = name
    guard let method = copenssl_socket_method() else { throw .outOfMemory }
    guard let session = SSL_new(context.pointer) else {
      BIO_meth_free(method)
      throw .outOfMemory
    }
    self.method = method
    self.session = session
    let isAddress = Self.isAddress(name)
    guard copenssl_attach(session, method, descriptor) == 1,
      copenssl_expect(session, name, isAddress ? 1 : 0) == 1,
      isAddress || copenssl_set_server_name(session, name) == 1
    else { throw .outOfMemory }
  }

  deinit {
    // Announces the end to the server. The message need not arrive.
    if isEstablished { SSL_shutdown(session) }
    SSL_free(session)
    BIO_meth_free(method)
    ERR_clear_error()
  }

  /// One step of the handshake: `nil` when it is done, else what to wait for (POLLIN, POLLOUT).
  func handshake() throws(TLSFailure) -> Int32? {
    ERR_clear_error()
    let result = SSL_connect(session)
    if result == 1 {
      isEstablished = true
      return nil
    }
    let code = SSL_get_error(session, result)
    switch code {
    case SSL_ERROR_WANT_READ: return POLLIN
    case SSL_ERROR_WANT_WRITE: return POLLOUT
    case SSL_ERROR_SYSCALL where ERR_peek_error() == 0: throw .ended(errno: errno)
    default: throw tlsFailure()
    }
  }

  /// Reads at most one record. The buffer must have room for it: the rest of a record would stay
  /// inside OpenSSL, where `poll` does not see it.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    ERR_clear_error()
    let count = SSL_read(session, buffer.baseAddress, Int32(clamping: buffer.count))
    return count > 0 ? .bytes(Int(count)) : failure(count)
  }

  /// Writes at most one record. After `later`, the next call must begin with the same bytes.
  func write(_ bytes: UnsafeRawBufferPointer) -> Transfer {
    ERR_clear_error()
    let count = SSL_write(session, bytes.baseAddress, Int32(clamping: bytes.count))
    return count > 0 ? .bytes(Int(count)) : failure(count)
  }

  private func failure(_ result: Int32) -> Transfer {
    let systemError = errno
    switch SSL_get_error(session, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .later
    case SSL_ERROR_ZERO_RETURN: return .end
    case SSL_ERROR_SYSCALL where ERR_peek_error() == 0:
      isEstablished = false
      return systemError == 0 ? .end : .failed(errno: systemError)
    default:
      isEstablished = false
      return .refused(tlsFailure())
    }
  }

  private func tlsFailure() -> TLSFailure {
    let verification = Int(SSL_get_verify_result(session))
    let words = Self.text(X509_verify_cert_error_string(verification))
    let error = ERR_peek_error()
    let reason = error == 0 ? "" : Self.text(ERR_reason_error_string(error))
    return TLSFailure(
      reason: reason, verification: verification, words: words, name: name, context.files)
  }

  static func text(_ pointer: UnsafePointer<CChar>?) -> String {
    pointer.map { String(cString: $0) } ?? ""
  }

  private static func isAddress(_ name: String) -> Bool {
    var bytes = in6_addr()
    return inet_pton(AF_INET, name, &bytes) == 1 || inet_pton(AF_INET6, name, &bytes) == 1
  }
}

/// The owner of OpenSSL's settings: trusted authorities, and the certificate of this client. The
/// files are read again for each connection, so renewed files are used.
final class TLSContext {
  let pointer: OpaquePointer
  let files: RedisTLS

  /// Where distributions keep the certificates of authorities. OpenSSL's own path is that of the
  /// system on which the program was built.
  private static let systemAuthorities = [
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
  ]

  init(_ files: RedisTLS) throws(TLSFailure) {
    copenssl_start()
    ERR_clear_error()
    guard let pointer = SSL_CTX_new(TLS_client_method()) else { throw .outOfMemory }
    self.pointer = pointer
    self.files = files
    copenssl_configure(pointer)
    SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
    // Otherwise OpenSSL asks for the passphrase of a key at the terminal.
    SSL_CTX_set_default_passwd_cb(pointer) { _, _, _, _ in 0 }
    try trust()
    try identify()
  }

  deinit { SSL_CTX_free(pointer) }

  private func trust() throws(TLSFailure) {
    if let file = files.authority {
      try Self.check(file)
      guard SSL_CTX_load_verify_locations(pointer, file, nil) == 1 else {
        throw .file(file, "it has no certificate in PEM form")
      }
      return
    }
    SSL_CTX_set_default_verify_paths(pointer)
    guard getenv("SSL_CERT_FILE") == nil, getenv("SSL_CERT_DIR") == nil,
      !Files.exists(TLSSession.text(X509_get_default_cert_file())),
      !Files.isDirectory(TLSSession.text(X509_get_default_cert_dir())),
      let file = Self.systemAuthorities.first(where: Files.exists)
    else { return }
    SSL_CTX_load_verify_locations(pointer, file, nil)
  }

  private func identify() throws(TLSFailure) {
    guard let certificate = files.certificate else {
      if let key = files.key { throw .file(key, "a key needs its certificate, --redis-cert FILE") }
      return
    }
    try Self.check(certificate)
    guard SSL_CTX_use_certificate_chain_file(pointer, certificate) == 1 else {
      throw .file(certificate, "it has no certificate in PEM form")
    }
    let key = files.key ?? certificate
    try Self.check(key)
    guard SSL_CTX_use_PrivateKey_file(pointer, key, SSL_FILETYPE_PEM) == 1 else {
      let isOther = TLSSession.text(ERR_reason_error_string(ERR_peek_last_error()))
        .contains("mismatch")
      throw .file(
        key,
        isOther
          ? "it is not the key of \(certificate)"
          : "it has no key in PEM form without a passphrase")
    }
  }

  private static func check(_ file: String) throws(TLSFailure) {
    do throws(PosixError) {
      _ = try Files.openForReading(file)
    } catch {
      throw .file(file, error.reason)
    }
  }
}
