-- Lists records of one kind in the order they were first written.
-- KEYS  records, order
-- ARGV  rank of the kind, limit, field to begin after ('' for the first)
-- Returns the values; none where there is no such field.

local function place(rank)
  return string.format('%.0f', tonumber(rank) * 2 ^ 48)
end

local from = place(ARGV[1])
if ARGV[3] ~= '' then
  local score = redis.call('ZSCORE', KEYS[2], ARGV[3])
  if not score then
    return {}
  end
  from = '(' .. score
end

local values = {}
local fields = redis.call('ZRANGEBYSCORE', KEYS[2], from, '(' .. place(ARGV[1] + 1), 'LIMIT', 0, ARGV[2])
for i, field in ipairs(fields) do
  values[i] = redis.call('HGET', KEYS[1], field)
end
return values
