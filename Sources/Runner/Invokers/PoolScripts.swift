/// What is done with a pool's lists in one step, so that no job is lost or doubled in between.
/// Each step takes Redis a few milliseconds, however long the lists are.
///
/// Where a call must not be repeated although its answer was lost, it has a number, and its mark
/// holds the number of the last call and what it found.
enum PoolScripts {
  /// Takes single messages out of the queue. Each is looked for from the end that the oldest are
  /// at, through the whole list at worst.
  ///
  /// KEYS[3…]: queue, queue of a paused run, mark. ARGV[3…]: number of the call, messages. Returns
  /// for each message `1` if it was there, else `0`.
  static let remove = LeasedRedis.Script(
    """
    local mark = ARGV[1] .. ' ' .. ARGV[3] .. ' '
    local former = redis.call('GET', KEYS[5]) or ''
    if string.sub(former, 1, #mark) == mark then return string.sub(former, #mark + 1) end
    local found = {}
    for i = 4, #ARGV do
      local count = redis.call('LREM', KEYS[3], -1, ARGV[i])
      if count == 0 then count = redis.call('LREM', KEYS[4], -1, ARGV[i]) end
      found[i - 3] = tostring(count)
    end
    local answer = table.concat(found)
    redis.call('SET', KEYS[5], mark .. answer, 'EX', 3600)
    return answer
    """)

  /// Takes the oldest messages of a list that only the engine touches: each is dropped, or goes to
  /// the new end of another list, which may be the same.
  ///
  /// KEYS[3…]: from, to, mark. ARGV[3…]: number of the call, for each message `1` to keep it or
  /// `0`.
  static let sift = LeasedRedis.Script(
    """
    local mark = ARGV[1] .. ' ' .. ARGV[3] .. ' '
    if redis.call('GET', KEYS[5]) == mark then return 0 end
    for i = 1, #ARGV[4] do
      if string.sub(ARGV[4], i, i) == '1' then
        redis.call('LMOVE', KEYS[3], KEYS[4], 'RIGHT', 'LEFT')
      else
        redis.call('RPOP', KEYS[3])
      end
    end
    redis.call('SET', KEYS[5], mark, 'EX', 3600)
    return 1
    """)

  /// Moves messages, in order; all of them at once where the other list is empty. Returns how many
  /// are left, for further calls.
  ///
  /// KEYS[3…]: from, to. ARGV[3]: how many at most.
  static let move = LeasedRedis.Script(
    """
    if redis.call('EXISTS', KEYS[3]) == 0 then return 0 end
    if redis.call('EXISTS', KEYS[4]) == 0 then
      redis.call('RENAME', KEYS[3], KEYS[4])
      return 0
    end
    for i = 1, tonumber(ARGV[3]) do
      if not redis.call('LMOVE', KEYS[3], KEYS[4], 'RIGHT', 'LEFT') then return 0 end
    end
    return redis.call('LLEN', KEYS[3])
    """)
}
