import Redis

/// The one way in which an engine writes: everything of a turn at once, if it still holds the
/// lease.
///
/// | | |
/// |---|---|
/// | KEYS[1] | lease: must hold the token, or nothing; it is renewed |
/// | KEYS[2] | the number of the last commit, and the token of who took the lease last |
/// | KEYS[3] | events: gets one entry with the field `e`, one JSON event a line |
/// | ARGV[1], [2], [3] | token, time to live in ms, number of this commit |
/// | ARGV[4] | the events; empty adds no entry |
/// | ARGV[5…] | further commands: the number of parts, then the parts |
/// | reply | 1 done, 2 it had been done before, 0 the lease is not ours, -1 earlier ones are lost |
///
/// Scripts are atomic, and the append-only file holds all of one or nothing. The commit number
/// makes sending one again harmless, so a commit whose answer was lost is simply repeated. One step
/// may be refused (a permission was taken away): the error is the reply, and sent again the commit
/// goes on with that step; until then the number has `/` and how many steps are done behind it. A
/// lease
/// that has run out (a suspended machine, a Redis that was away) is taken again if nobody else has
/// taken it since, whether that one has written or not: who took it has read the journal as it was.
/// A server that came back without the commits before this one has forgotten what it acknowledged:
/// the engine is ahead of its journal and must write nothing more.
enum CommitScript {
  static let script = RedisScript(
    """
    local holder = redis.call('GET', KEYS[1])
    local commit = redis.call('GET', KEYS[2])
    if not commit then return -1 end
    local last, done, owner = string.match(commit, '^(%d+)/?(%d*) ?(.*)$')
    local number = tonumber(ARGV[3])
    last = tonumber(last)
    if owner ~= ARGV[1] or (holder and holder ~= ARGV[1]) then return 0 end
    if last < number - 1 then return -1 end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    local skip = 0
    if last >= number then
      if done == '' then return 2 end
      skip = tonumber(done)
    end
    local step = 0
    local function run(parts)
      step = step + 1
      if step <= skip then return end
      local reply = redis.pcall(unpack(parts))
      if type(reply) ~= 'table' or not reply.err then return end
      if step > 1 then
        redis.call('SET', KEYS[2], ARGV[3] .. '/' .. (step - 1) .. ' ' .. ARGV[1])
      end
      return reply
    end
    if ARGV[4] ~= '' then
      local refusal = run({'XADD', KEYS[3], '*', 'e', ARGV[4]})
      if refusal then return refusal end
    end
    local i = 5
    while i <= #ARGV do
      local count = tonumber(ARGV[i])
      local parts = {}
      for j = 1, count do parts[j] = ARGV[i + j] end
      local refusal = run(parts)
      if refusal then return refusal end
      i = i + count + 1
    end
    redis.call('SET', KEYS[2], ARGV[3] .. ' ' .. ARGV[1])
    return 1
    """)
}
