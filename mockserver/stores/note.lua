-- Journals an entry, unless the organisation's record has changed.
-- KEYS  records, journal
-- ARGV  version of the organisation's record ('' for any), journal bound, stamp, entry
-- Returns the entry's id, or false if the record has changed.

local VERSION = ARGV[1]
if VERSION ~= '' and string.match(redis.call('HGET', KEYS[1], 'clock') or '', '%d+$') ~= VERSION then
  return false
end
return redis.call('XADD', KEYS[2], 'MAXLEN', '=', ARGV[2], '0-*', 'at', ARGV[3], 'entry', ARGV[4])
