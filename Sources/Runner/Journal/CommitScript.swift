import Redis

/// The only way in which an engine writes to the journal: everything of a turn at once, if the
/// engine still holds the lease.
///
/// | | |
/// |---|---|
/// | KEYS[1] | lease: must hold the token, or nothing; it is renewed |
/// | KEYS[2] | the number of the last commit, and the token of the last engine to take the lease |
/// | KEYS[3] | events: gets one entry with the field `e`, one JSON event a line |
/// | ARGV[1], [2], [3] | token, time to live in ms, number of this commit |
/// | ARGV[4] | the events; empty adds no entry |
/// | ARGV[5…] | further commands: the number of parts, then the parts |
/// | reply | 1 done, 2 done before, 0 another engine has the lease, -1 earlier commits are lost |
///
/// Scripts are atomic, and the append-only file has all of a script's effects or none. The commit
/// number makes repeating harmless, so a commit whose answer was lost is sent again.
///
/// One step may be refused, for instance because a permission was withdrawn. The error is the
/// reply, and when the commit is sent again, it continues with that step. Until then, KEYS[2] has
/// `/` and the number of completed steps behind the commit number.
///
/// An expired lease (the machine was suspended, or Redis was away) is taken again, unless another
/// engine has taken it since. It does not matter whether that engine has written: it has read the
/// journal as it was then.
///
/// A server that came back without the commits before this one has lost what it acknowledged. The
/// engine is ahead of its journal and must write nothing more.
///
/// Two errors are not refusals: of an output chunk that its stream already has, because a function
/// may run again after a take-over; and of a queue that is empty when a pause renames it.
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
      if string.find(reply.err, 'equal or smaller than the target stream', 1, true) then return end
      if string.find(reply.err, 'no such key', 1, true) then return end
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
