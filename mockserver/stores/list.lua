-- Lists records of one kind in the order they were first written.
-- KEYS  records, order
-- ARGV  rank of the kind, limit, place to begin after (0 for the first)
-- Returns {places, values}.

local RANK, LIMIT, AFTER = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])

local function score(rank, place)
  return string.format('%.0f', rank * 2 ^ 48 + place)
end

local from, to = '(' .. score(RANK, AFTER), '(' .. score(RANK + 1, 0)
local found = redis.call('ZRANGEBYSCORE', KEYS[2], from, to, 'WITHSCORES', 'LIMIT', 0, LIMIT)
local places, values = {}, {}
for i = 1, #found, 2 do
  places[#places + 1] = tonumber(found[i + 1]) - RANK * 2 ^ 48
  values[#values + 1] = redis.call('HGET', KEYS[1], found[i])
end
return {places, values}
