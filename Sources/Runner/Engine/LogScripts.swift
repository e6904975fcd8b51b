/// How the output of jobs is made smaller in Redis. Readers that are in the middle of an output see
/// that the numbers of its chunks have a gap.
enum LogScripts {
  /// Leaves only the last entry of streams, under its id. KEYS[3…]: the streams.
  ///
  /// A new stream has room for 4 KiB, which is ten times what such an entry needs; one that is
  /// restored has not, so it is dumped and restored where that is allowed.
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

  /// Leaves the later half of streams. KEYS[3…]: the streams.
  static let halve = LeasedRedis.Script(
    """
    for i = 3, #KEYS do
      local count = redis.call('XLEN', KEYS[i])
      if count > 1 then redis.call('XTRIM', KEYS[i], 'MAXLEN', math.ceil(count / 2)) end
    end
    return 1
    """)
}
