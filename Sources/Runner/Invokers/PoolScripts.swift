import Redis

/// What is done with a pool's lists in one step, so that no job is lost or doubled in between.
enum PoolScripts {
  /// Takes a message out of the queue, for the engine that drives the run.
  ///
  /// KEYS: lease, queue, queue of a paused run, mark of this call. ARGV: token, message. Returns 1
  /// when the message was there, also when the call is repeated because its answer was lost.
  static let withdraw = RedisScript(
    """
    local holder = redis.call('GET', KEYS[1])
    if holder and holder ~= ARGV[1] then return 0 end
    if redis.call('EXISTS', KEYS[4]) == 1 then return 1 end
    if redis.call('LREM', KEYS[2], 1, ARGV[2]) + redis.call('LREM', KEYS[3], 1, ARGV[2]) == 0 then
      return 0
    end
    redis.call('SET', KEYS[4], 1, 'EX', 3600)
    return 1
    """)
  /// Moves everything, in order, for the engine that drives the run; doing it again does nothing.
  ///
  /// KEYS: lease, from, to. ARGV: token.
  static let moveAll = RedisScript(
    """
    local holder = redis.call('GET', KEYS[1])
    if holder and holder ~= ARGV[1] then return 0 end
    local moved = 0
    while redis.call('LMOVE', KEYS[2], KEYS[3], 'RIGHT', 'LEFT') do moved = moved + 1 end
    return moved
    """)
}
