import Posix

/// A queue with many senders and one asynchronous receiver, which gets everything that has arrived
/// at once: what arrived together is committed together.
typealias Inbox<Element: Sendable> = BoundedQueue<Element, Never>
