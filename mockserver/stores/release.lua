-- Removes an OAuth client from the index of owners, unless another organisation has it now.
-- KEYS  owner
-- ARGV  organisation

if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
