-- Reads an organisation's records at one moment, counts its live sessions and journals an arrival, by the organisation's clock.
-- KEYS  records, ends, journal
-- ARGV  system time, journal bound, arrival ('' for none), fields to read
-- Returns {live sessions, {clock, values...}}; what is not there is false.

local held = redis.call('HMGET', KEYS[1], 'clock')
for i = 4, #ARGV, 1000 do -- there is a bound to what can be unpacked
  for _, value in ipairs(redis.call('HMGET', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV)))) do
    held[#held + 1] = value
  end
end
local clock = held[1]
if not clock then
  return {0, held}
end

-- '=' and where the clock stands, or '+' and how far it is from the system's; then the record's version.
local number = tonumber(string.match(clock, '^.(%-?%d+)'))
local at = string.sub(clock, 1, 1) == '=' and number or tonumber(ARGV[1]) + number
local stamp = string.format('%.0f', at)

if ARGV[3] ~= '' then
  redis.call('XADD', KEYS[3], 'MAXLEN', '=', ARGV[2], '0-*', 'at', stamp, 'entry', ARGV[3])
end
return {redis.call('ZCOUNT', KEYS[2], '(' .. stamp, '+inf'), held}
