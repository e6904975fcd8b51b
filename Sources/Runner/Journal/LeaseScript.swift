import Redis

/// Takes a run's lease if nobody holds it, or if the given dead holder does.
///
/// | | |
/// |---|---|
/// | KEYS[1] | lease |
/// | KEYS[2] | the number of the last commit, and the token of the engine that may write the next |
/// | ARGV[1], [2], [3] | token, time to live in ms, token of the dead holder or empty |
/// | reply | the number of the last commit; or the holder's token and the lease's remaining ms |
enum LeaseScript {
  static let script = RedisScript(
    """
    local holder = redis.call('GET', KEYS[1])
    if holder and holder ~= ARGV[1] and holder ~= ARGV[3] then
      return {holder, redis.call('PTTL', KEYS[1])}
    end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    local last = string.match(redis.call('GET', KEYS[2]) or '0', '^%d+')
    redis.call('SET', KEYS[2], last .. ' ' .. ARGV[1])
    return tonumber(last)
    """)
}
