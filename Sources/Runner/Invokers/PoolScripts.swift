import Redis

/// What is done with a pool's lists in one step, so that no job is lost or doubled in between.
enum PoolScripts {
  /// KEYS: from, to. Moves everything, in order; doing it again does nothing.
  static let moveAll = RedisScript(
    """
    local moved = 0
    while redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'LEFT') do moved = moved + 1 end
    return moved
    """)
}
