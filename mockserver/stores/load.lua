-- Reads an organisation's records at one moment, counts its live sessions and journals an arrival, by the organisation's clock.
-- KEYS  records, ends, journal
-- ARGV  system time ('' for this server's), journal bound, size of a light entry, journal bound in bytes,
--       arrival ('' for none), fields to read
-- Returns {live sessions, {clock, values...}, system time}; missing values are false.

-- A journal of large entries is also limited in bytes. Beyond that, a quarter is removed at a time.
local function trim(journal, entry, light, bytes)
  while #entry > tonumber(light) and (redis.call('MEMORY', 'USAGE', journal) or 0) > tonumber(bytes) do
    redis.call('XTRIM', journal, 'MAXLEN', '=', math.floor(redis.call('XLEN', journal) * 3 / 4))
  end
end

local held = redis.call('HMGET', KEYS[1], 'clock', 'time')
local clock, latest = held[1], table.remove(held)
for i = 6, #ARGV, 1000 do -- unpack has a limit
  for _, value in ipairs(redis.call('HMGET', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV)))) do
    held[#held + 1] = value
  end
end

-- One clock for all replicas. It stands still after this server's steps back, or ended sessions would live again.
local function server_time()
  local now = redis.call('TIME')
  local time = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
  if clock and latest and tonumber(latest) >= tonumber(time) then
    return latest
  end
  if clock then
    redis.call('HSET', KEYS[1], 'time', time)
  end
  return time
end

local system = ARGV[1] == '' and server_time() or ARGV[1]
if not clock then
  return {0, held, system}
end

-- '=' and the time of a frozen clock, or '+' and the offset from the system's; then the record's version.
local number = tonumber(string.match(clock, '^.(%-?%d+)'))
local at = string.sub(clock, 1, 1) == '=' and number or tonumber(system) + number
local stamp = string.format('%.0f', at)

if ARGV[5] ~= '' then
  redis.call('XADD', KEYS[3], 'MAXLEN', '=', ARGV[2], '0-*', 'at', stamp, 'entry', ARGV[5])
  trim(KEYS[3], ARGV[5], ARGV[3], ARGV[4])
end
return {redis.call('ZCOUNT', KEYS[2], '(' .. stamp, '+inf'), held, system}
