@preconcurrency import Dispatch

/// Waiting without keeping a thread.
enum Pause {
  static func milliseconds(_ count: Int) async {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(max(1, count))) {
        continuation.resume()
      }
    }
  }
}
