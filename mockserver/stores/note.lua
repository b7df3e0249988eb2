-- Journals an entry, unless the organisation's record has changed.
-- KEYS  records, journal
-- ARGV  version of the organisation's record ('' for any), journal bound, size of a light entry, journal bound in bytes,
--       stamp, entry
-- Returns the entry's id, or false if the record has changed.

-- A journal of large entries is also limited in bytes. Beyond that, a quarter is removed at a time.
local function trim(journal, entry, light, bytes)
  while #entry > tonumber(light) and (redis.call('MEMORY', 'USAGE', journal) or 0) > tonumber(bytes) do
    redis.call('XTRIM', journal, 'MAXLEN', '=', math.floor(redis.call('XLEN', journal) * 3 / 4))
  end
end

local VERSION = ARGV[1]
if VERSION ~= '' and string.match(redis.call('HGET', KEYS[1], 'clock') or '', '%d+$') ~= VERSION then
  return false
end
local id = redis.call('XADD', KEYS[2], 'MAXLEN', '=', ARGV[2], '0-*', 'at', ARGV[5], 'entry', ARGV[6])
trim(KEYS[2], ARGV[6], ARGV[3], ARGV[4])
return id
