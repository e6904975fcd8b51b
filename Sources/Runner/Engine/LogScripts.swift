/// Scripts that shorten the output of jobs in Redis. A reader in the middle of an output notices
/// that the numbers of its chunks have a gap.
enum LogScripts {
  /// Removes all but the last entry of streams, and keeps that entry's id. KEYS[3…]: the streams.
  ///
  /// A new stream allocates 4 KiB, ten times what such an entry needs. A restored stream does not,
  /// so the stream is dumped and restored if that is permitted.
  static let cut = LeasedRedis.Script(
    """
    for i = 3, #KEYS do
      local last = redis.call('XREVRANGE', KEYS[i], '+', '-', 'COUNT', 1)[1]
      if last and redis.call('XLEN', KEYS[i]) > 1 then
        redis.call('UNLINK', KEYS[i])
        redis.call('XADD', KEYS[i], last[1], unpack(last[2]))
        local dump = redis.pcall('DUMP', KEYS[i])
        if type(dump) == 'string' then redis.pcall('RESTORE', KEYS[i], 0, dump, 'REPLACE') end
      end
    end
    return 1
    """)

  /// Removes the older half of streams. KEYS[3…]: the streams.
  static let halve = LeasedRedis.Script(
    """
    for i = 3, #KEYS do
      local count = redis.call('XLEN', KEYS[i])
      if count > 1 then redis.call('XTRIM', KEYS[i], 'MAXLEN', math.ceil(count / 2)) end
    end
    return 1
    """)
}
