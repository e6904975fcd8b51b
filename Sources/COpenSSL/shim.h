#pragma once
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <sys/socket.h>

static inline int copenssl_descriptor(BIO *bio) { return (int)(intptr_t)BIO_get_data(bio); }

/// OpenSSL's own sockets write without MSG_NOSIGNAL: a server's death would kill the process.
static inline int copenssl_send(BIO *bio, const char *data, int count) {
  BIO_clear_retry_flags(bio);
  errno = 0;
  ssize_t sent = send(copenssl_descriptor(bio), data, (size_t)count, MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return (int)sent;
}

static inline int copenssl_receive(BIO *bio, char *data, int count) {
  BIO_clear_retry_flags(bio);
  errno = 0;
  ssize_t received = recv(copenssl_descriptor(bio), data, (size_t)count, 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return (int)received;
}

static inline long copenssl_control(BIO *bio, int command, long number, void *pointer) {
  (void)bio, (void)number, (void)pointer;
  return command == BIO_CTRL_FLUSH;
}

/// The caller frees it after the sessions that use it.
static inline BIO_METHOD *copenssl_socket_method(void) {
  BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
  if (!method) return 0;
  BIO_meth_set_write(method, copenssl_send);
  BIO_meth_set_read(method, copenssl_receive);
  BIO_meth_set_ctrl(method, copenssl_control);
  return method;
}

/// Makes the session read and write a descriptor that stays the caller's.
static inline int copenssl_attach(SSL *session, BIO_METHOD *method, int descriptor) {
  BIO *bio = BIO_new(method);
  if (!bio) return 0;
  BIO_set_data(bio, (void *)(intptr_t)descriptor);
  BIO_set_init(bio, 1);
  SSL_set_bio(session, bio, bio);
  return 1;
}

/// Without the handler at exit, which would pull OpenSSL away from threads that still use it.
static inline void copenssl_start(void) { OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, 0); }

static inline void copenssl_configure(SSL_CTX *context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static inline int copenssl_set_server_name(SSL *session, const char *name) {
  return (int)SSL_set_tlsext_host_name(session, name);
}

/// The certificate must be for this name or address. Returns 1 on success.
static inline int copenssl_expect(SSL *session, const char *name, int is_address) {
  if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name);
  SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(session, name);
}
