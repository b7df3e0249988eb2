-- Writes an organisation's records and journals an entry, all or nothing, if no record has changed since it was read.
-- KEYS  records, order, ends, credential ends, journal, applied
-- ARGV  now, forget before, most ended sessions, most sessions to forget now, most tokens, journal bound, stamp, entry ('' for
--       none), milliseconds to remember this commit, clock ('' unchanged, '-' removed), version of the organisation's
--       record ('' for any), 1 to forget sessions, tokens and journal first, most live sessions afterwards ('' for any),
--       count ('' none, 'use' of a token, 'issue' of a client's token), its field, version expected, bound ('' for none),
--       milliseconds a bound of uses is for, size of a light entry, journal bound in bytes,
--       then for each write: field, rank of its kind, version expected ('' for none), value ('' to remove), end ('' for none)
-- Returns 1, or 0 if a record has changed.

local NOW, BEFORE, MOST_ENDED, MOST_FORGOTTEN, MOST_TOKENS = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local BOUND, STAMP, ENTRY, REMEMBER, CLOCK = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local VERSION, AFRESH = ARGV[11], ARGV[12] == '1'
local ROOM, COUNT, COUNTED, COUNTED_VERSION, MOST, SPAN = ARGV[13], ARGV[14], ARGV[15], ARGV[16], tonumber(ARGV[17]), ARGV[18]
local LIGHT, BYTES = tonumber(ARGV[19]), tonumber(ARGV[20])
local FIRST, WIDTH = 21, 5
local CLIENT, TOKEN, SESSION, CREDENTIAL = '2', '4', '5', '6'

local records, order, ends, credential_ends, journal, applied = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]

local function is_as_seen()
  if CLOCK == '' or VERSION ~= '' then
    local clock = redis.call('HGET', records, 'clock')
    if not clock or (VERSION ~= '' and string.match(clock, '%d+$') ~= VERSION) then
      return false
    end
  end
  for i = FIRST, #ARGV, WIDTH do
    local held = redis.call('HGET', records, ARGV[i])
    if (held and string.match(held, '^%d+') or '') ~= ARGV[i + 2] then
      return false
    end
  end
  return true
end

-- A record is its version, its counts and the rest, with colons between them.
local function parts(held)
  local version, counts, rest = string.match(held or '', '^(%d+):([^:]*):()')
  return version, counts, rest and string.sub(held, rest)
end

local function joined(version, counts, rest)
  for i = 1, #counts do
    counts[i] = string.format('%.0f', counts[i])
  end
  return version .. ':' .. table.concat(counts, ' ') .. ':' .. rest
end

local function numbers(counts)
  local found = {}
  for number in string.gmatch(counts, '%S+') do
    found[#found + 1] = tonumber(number)
  end
  return found
end

-- The same as life.count_use: a minute begins with the first request counted in it. False if it is full.
local function use(counts)
  local number, window, used, last = unpack(counts)
  local now = tonumber(NOW)
  if used == 0 or now >= window + SPAN then
    window, used = now, 0
  end
  if MOST and used >= MOST then
    return false
  end
  return {number, window, used + 1, math.max(last, now)}
end

-- The same as life.count_issue: beyond the bound the oldest are evicted, for good.
local function issue(counts)
  local issued, evicted = counts[1] + 1, counts[2]
  return {issued, MOST and math.max(evicted, issued - MOST) or evicted}
end

-- Returns a record after counting, and its counts, or false if it has changed or the count is refused.
local function count()
  local version, counts, rest = parts(redis.call('HGET', records, COUNTED))
  if version ~= COUNTED_VERSION then
    return false
  end
  local counted = (COUNT == 'use' and use or issue)(numbers(counts))
  return counted and joined(version, counted, rest), counted
end

local function is_full()
  local new = 0
  for i = FIRST, #ARGV, WIDTH do
    if ARGV[i + 1] == SESSION and ARGV[i + 2] == '' then
      new = new + 1
    end
  end
  return redis.call('ZCOUNT', ends, '(' .. NOW, '+inf') + new > tonumber(ROOM)
end

-- Ranks separate the kinds in the one order. Each has room for 2^48 records.
local function place(rank, number)
  return string.format('%.0f', tonumber(rank) * 2 ^ 48 + number)
end

local function remove(fields)
  for i = 1, #fields, 1000 do -- unpack has a limit
    local last = math.min(i + 999, #fields)
    redis.call('HDEL', records, unpack(fields, i, last))
    redis.call('ZREM', order, unpack(fields, i, last))
    redis.call('ZREM', ends, unpack(fields, i, last))
    redis.call('ZREM', credential_ends, unpack(fields, i, last))
  end
end

-- A record that is written again keeps its counts. A token that is issued gets the number `issued`.
local function with_counts(field, rank, expected, value, issued)
  if rank ~= TOKEN and rank ~= CLIENT then
    return value
  end
  local version, counts, rest = parts(value)
  if expected ~= '' then
    local _, held = parts(redis.call('HGET', records, field))
    return version .. ':' .. held .. ':' .. rest
  end
  if rank == TOKEN and issued then
    counts = numbers(counts)
    counts[1] = issued
    return joined(version, counts, rest)
  end
  return value
end

local function write(issued, field, rank, expected, value, ends_at)
  if value == '' then
    remove({field})
    return
  end
  value = with_counts(field, rank, expected, value, issued)
  if expected == '' then
    redis.call('ZADD', order, place(rank, redis.call('HINCRBY', records, 'written', 1)), field)
  end
  redis.call('HSET', records, field, value)
  if ends_at ~= '' then
    redis.call('ZADD', rank == SESSION and ends or credential_ends, ends_at, field)
  end
  if rank == TOKEN or rank == CREDENTIAL then
    local from, to = place(rank, 0), '(' .. place(rank + 1, 0)
    local beyond = redis.call('ZCOUNT', order, from, to) - MOST_TOKENS
    if beyond > 0 then
      remove(redis.call('ZRANGEBYSCORE', order, from, to, 'LIMIT', 0, beyond))
    end
  end
end

-- Keeps the organisation, its faults and what is registered, which have lower ranks, and the number of records written.
local function start_afresh()
  local kept = redis.call('ZRANGEBYSCORE', order, '-inf', '(' .. place(TOKEN, 0), 'WITHSCORES')
  local values = {}
  for i = 1, #kept, 2 do
    values[i] = redis.call('HGET', records, kept[i])
  end
  local written, time = redis.call('HGET', records, 'written'), redis.call('HGET', records, 'time')
  redis.call('UNLINK', records, order, ends, credential_ends)
  redis.call('HSET', records, 'written', written)
  if time then
    redis.call('HSET', records, 'time', time)
  end
  for i = 1, #kept, 2 do
    redis.call('HSET', records, kept[i], values[i])
    redis.call('ZADD', order, kept[i + 1], kept[i])
  end
  redis.call('XTRIM', journal, 'MAXLEN', '=', 0)
end

local function forget_ended(ends)
  local old = redis.call('ZRANGEBYSCORE', ends, '-inf', '(' .. BEFORE, 'LIMIT', 0, MOST_FORGOTTEN)
  local beyond = math.min(redis.call('ZCOUNT', ends, '-inf', NOW) - MOST_ENDED, tonumber(MOST_FORGOTTEN))
  if beyond > #old then
    old = redis.call('ZRANGE', ends, 0, beyond - 1)
  end
  remove(old)
end

-- A journal of large entries is also limited in bytes. Beyond that, a quarter is removed at a time.
local function trim()
  while #ENTRY > LIGHT and (redis.call('MEMORY', 'USAGE', journal) or 0) > BYTES do
    redis.call('XTRIM', journal, 'MAXLEN', '=', math.floor(redis.call('XLEN', journal) * 3 / 4))
  end
end

if redis.call('EXISTS', applied) == 1 then
  return 1
end
if not is_as_seen() then
  return 0
end
if ROOM ~= '' and is_full() then
  return 0
end
local issued = nil
if COUNT ~= '' then
  local value, counts = count()
  if not value then
    return 0
  end
  redis.call('HSET', records, COUNTED, value)
  issued = COUNT == 'issue' and counts[1]
end
if AFRESH then
  start_afresh()
end
if CLOCK == '-' then
  redis.call('HDEL', records, 'clock')
elseif CLOCK ~= '' then
  redis.call('HSET', records, 'clock', CLOCK)
end
for i = FIRST, #ARGV, WIDTH do
  write(issued, unpack(ARGV, i, i + WIDTH - 1))
end
if MOST_FORGOTTEN ~= '0' then
  forget_ended(ends)
  forget_ended(credential_ends)
end
if ENTRY ~= '' and not AFRESH then
  redis.call('XADD', journal, 'MAXLEN', '=', BOUND, '0-*', 'at', STAMP, 'entry', ENTRY)
  trim()
end
redis.call('SET', applied, '', 'PX', REMEMBER)
return 1
