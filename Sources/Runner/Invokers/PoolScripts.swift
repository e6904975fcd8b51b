/// Scripts that change the lists of a pool atomically, so that no job is lost or doubled. Each call
/// takes Redis a few milliseconds, however long the lists are.
///
/// A call that must not take effect twice has a number, in case its answer is lost and it is sent
/// again. A key, the mark, holds the number of the last call and what it found.
enum PoolScripts {
  /// Removes single messages from the queue. Each is searched for from the oldest end, in the worst
  /// case through the whole list.
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

  /// Takes the oldest messages of a list that only the engine touches. Each is dropped, or goes to
  /// the newest end of another list, which may be the same one.
  ///
  /// KEYS[3…]: from, to, mark. ARGV[3…]: number of the call, then one character for each message:
  /// `1` keeps it, `0` drops it.
  static let removeByScan = LeasedRedis.Script(
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

  /// Moves messages in order, or all of them at once if the other list is empty. Returns how many
  /// are left for further calls.
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
