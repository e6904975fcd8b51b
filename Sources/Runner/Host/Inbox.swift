import Posix

/// Many senders, one asynchronous receiver that takes everything there is at once: what arrived
/// together is committed together.
typealias Inbox<Element: Sendable> = BoundedQueue<Element, Never>
