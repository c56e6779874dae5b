-- Takes one change of one session; what is older than what stands here is passed over, item by item.
-- KEYS: 1 the session's hash, 2 its tombstone.
-- ARGV: 1 'w' write or 'd' delete, 2 newest version, 3 floor, 4 ms until it leaves, 5 '1' when all of the session is sent, '2' for a mere touch, '3' for what was lost here,
--       6 the header's tail, 7 condition: '' or a letter and versions, 8 the condition's field or '', 9 channel or '',
--       10 the announcement's head, 11 the session, then field and content of each item.
-- Answer: a letter (a applied, o older, c condition failed, u undecided), '1' '0' or '?' (existed), the newest version.
-- Everything is decided before the first write, and the first write is one that a full or read-only server refuses: so an error
-- leaves nothing half done. Only a delete begins with what a full server allows, so that it can always be made room.
local NONE, FIRST = string.rep('\0', 12), 12

local function newer(a, b)
  if a == b then return false end
  local a1, a2 = struct.unpack('>I6I6', a)
  local b1, b2 = struct.unpack('>I6I6', b)
  return a1 > b1 or (a1 == b1 and a2 > b2)
end
local function max(a, b) if newer(b, a) then return b end return a end

local op, newest, floor, lasts, whole, tail = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1', ARGV[6]
local header = redis.call('HGET', KEYS[1], 'h')
if header and header:byte(1) ~= 1 then return redis.error_reply('TIERFORMAT a newer program wrote this session') end
local buried = redis.call('GET', KEYS[2]) or NONE
local held = { newest = NONE, floor = NONE, whole = NONE, part = NONE, tail = '' }
if header then
  held.newest, held.floor, held.whole = header:sub(2, 13), header:sub(14, 25), header:sub(26, 37)
  held.part, held.tail = header:sub(38, 49), header:sub(50)
end
local lowest = max(held.floor, buried)

local function answer(letter, existed, now)
  now = now or max(held.newest, lowest)
  if ARGV[9] ~= '' then redis.call('PUBLISH', ARGV[9], ARGV[10] .. (letter ~= 'a' and '0' or ARGV[5] == '2' and '2' or '1') .. now .. ARGV[11]) end
  return letter .. existed .. now
end

-- What a delete buried is gone up to its version. A replace gives its items its own version, so at a floor they count.
local function counts(stamp, at) return newer(stamp, buried) and not newer(at, stamp) end

-- Whether an item is there, and its version: '?' where only a part of the session is known.
local function presence(field)
  local stored = redis.call('HGET', KEYS[1], field)
  if stored and counts(stored:sub(1, 12), held.floor) then
    if stored:byte(13) == 114 then return '0' end
    return '1', stored:sub(1, 12)
  end
  if header and newer(held.part, held.whole) then return '?' end
  return '0'
end

-- A try whose answer was lost has left its version here.
local function happened()
  if op == 'd' then return floor == lowest end
  if #ARGV < FIRST then return false end
  local stored = redis.call('HGET', KEYS[1], ARGV[FIRST])
  return stored and stored:sub(1, 12) == ARGV[FIRST + 1]:sub(1, 12)
end

local existed, version = header and '1' or '0', nil
if ARGV[8] ~= '' then existed, version = presence(ARGV[8]) end
local condition = ARGV[7]
if condition ~= '' then
  local kind, met = condition:sub(1, 1), false
  if happened() then return answer('a', kind == 'n' and '0' or '1') end
  if kind == 'u' then met = condition:sub(2) == max(held.newest, lowest)
  elseif existed == '?' then return answer('u', existed)
  elseif kind == 'n' then met = existed == '0'
  elseif kind == 'e' then met = existed == '1'
  else
    for at = 2, #condition, 12 do met = met or condition:sub(at, at + 11) == version end
  end
  if not met then return answer('c', existed) end
end

-- A replace keeps what has its version, a delete does not: at one and the same version the delete comes after it (retention ends a session
-- at the version that it saw).
local ends = op == 'd' and newer(floor, buried) and not newer(held.floor, floor)

-- The fields that a raised floor takes away.
local drops, now, raised = {}, max(lowest, floor), max(held.floor, floor)
if header and (newer(floor, lowest) or ends) then
  local keepsSome = newer(held.newest, floor)
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    local stamp = field ~= 'h' and redis.call('HGET', KEYS[1], field):sub(1, 12)
    if stamp and not (op == 'd' and keepsSome and newer(stamp, floor)) and not (op == 'w' and counts(stamp, floor)) then drops[#drops + 1] = field end
  end
end
local function drop() for _, field in ipairs(drops) do redis.call('HDEL', KEYS[1], field) end end

if op == 'd' then
  if not ends then return answer('o', existed) end
  if header and newer(held.newest, floor) then
    drop()
    redis.call('HSET', KEYS[1], 'h', header:sub(1, 13) .. floor .. header:sub(26))
  else
    redis.call('UNLINK', KEYS[1])
    held.newest = NONE
  end
  if tonumber(lasts) > 0 then redis.call('SET', KEYS[2], floor, 'PX', lasts) end
  return answer('a', existed, max(held.newest, now))
end

-- A touch knows no version: it moves what is here, and makes nothing.
if newest == NONE and not header or newest ~= NONE and not newer(newest, buried) then return answer('o', existed) end

-- Within one version a value stands above the note that it is held elsewhere.
local puts = {}
for at = FIRST, #ARGV, 2 do
  local stamp = ARGV[at + 1]:sub(1, 12)
  if counts(stamp, raised) then
    local stored = redis.call('HGET', KEYS[1], ARGV[at])
    local known = stored and stored:sub(1, 12) or NONE
    local fills = stored and known == stamp and stored:byte(13) == 110 and ARGV[at + 1]:byte(13) == 118
    if newer(stamp, known) or fills then puts[#puts + 1] = at end
  end
end

-- The newest change's header counts; accesses are the latest of both, and move a deadline that slides.
local function merge(winner, loser)
  local deadline, explicit, access, count = struct.unpack('>I6BI6I3', winner)
  local deadline2, explicit2, access2, count2 = struct.unpack('>I6BI6I3', loser)
  if access2 > access then
    if explicit == 0 and explicit2 == 0 then deadline = math.max(deadline, deadline2) end
    access = access2
  end
  return struct.pack('>I6BI6I3', deadline, explicit, access, math.max(count, count2)) .. winner:sub(17)
end
local leads = not header or newer(newest, held.newest)
local merged = tail
if header then merged = leads and merge(tail, held.tail) or merge(held.tail, tail) end
if whole then held.whole = max(held.whole, newest)
elseif not header then
  -- On top of a tombstone everything since is known; on top of nothing, what was there may have been forgotten.
  if buried ~= NONE and ARGV[5] ~= '3' then held.whole = buried else held.part = newest end
end
local after = '\1' .. max(held.newest, newest) .. max(held.floor, floor) .. held.whole .. held.part .. merged
if #puts == 0 and #drops == 0 and after == header then return answer('o', existed) end

redis.call('HSET', KEYS[1], 'h', after)
drop()
for _, at in ipairs(puts) do redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) end
if leads or merged ~= held.tail then redis.call('PEXPIRE', KEYS[1], lasts) end
return answer('a', existed, max(max(held.newest, newest), now))
