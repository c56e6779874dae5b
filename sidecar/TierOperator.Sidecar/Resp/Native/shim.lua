local redis,KEYS,_G,load,loadstring=(function(R,K,G)
local P,C,S=<<PREFIX>>,<<CHANNELS>>,<<SPECIFICATIONS>>
local names,declared={},{}
for i,k in ipairs(K) do local n=k:sub(#P+1,-2) names[i]=n declared[n]=k end
local function place(a,i,n) local t=type(a[i+1]) if i<1 or i>=n or (t~='string' and t~='number') then return end local name=tostring(a[i+1]) local k=declared[name] if not k then return name end a[i+1]=k end
local function sort(a,n)
 local i=2
 while i<n do
  local w=tostring(a[i+1]):lower()
  if w=='limit' then i=i+2
  elseif w=='by' or w=='get' then i=i+1 if i<n and tostring(a[i+1]):find('*',1,true) then return a[i+1] end
  elseif w=='store' then i=i+1 local bad=place(a,i,n) if bad then return bad end end
  i=i+1
 end
end
local function aim(a,n)
 local c=tostring(a[1] or ''):lower()
 local _,e=S:find(';'..c..'=',1,true)
 if not e and n>1 then _,e=S:find(';'..c..'|'..tostring(a[2]):lower()..'=',1,true) end
 if not e then return "a script may not call '"..c.."' here: it works on no key, or on keys that nobody has declared" end
 local bad
 for w,b,h,x,y,z in S:sub(e+1,S:find(';',e,true)-1):gmatch('@(%a*)/(%d+):(#?)(%-?%d+),(%d+),(%d+)') do
  b,x,y,z=tonumber(b),tonumber(x),tonumber(y),tonumber(z)
  if w~='' then local f for i=b,n-2 do if tostring(a[i+1]):upper()==w then f=i+1 break end end b=f end
  if b then
   local first,last,step=b,nil,y
   if h=='#' then local q=tonumber(a[b+x+1]) first=b+y step=z last=q and first+(q-1)*step or 0
   elseif x>=0 then last=b+x elseif z<=1 then last=n+x else last=b+math.floor((n-b)/z)+x end
   for i=first,math.min(last,n-1),step do bad=bad or place(a,i,n) end
  end
 end
 if c=='sort' or c=='sort_ro' then bad=bad or sort(a,n) end
 if c=='publish' or c=='spublish' then a[2]=C..tostring(a[2]) end
 if bad then return "the script uses the key '"..tostring(bad).."', which it has not declared: name it in KEYS" end
end
local function own(k) if type(k)=='string' and k:sub(1,#P)==P then return k:sub(#P+1,-2) end return k end
local function back(a,r)
 local c=tostring(a[1]):lower()
 if type(r)~='table' then return r end
 if c=='lmpop' or c=='zmpop' then r[1]=own(r[1]) elseif c=='xread' or c=='xreadgroup' then for _,s in ipairs(r) do s[1]=own(s[1]) end end
 return r
end
local X={}
function X.call(...) local a,n={...},select('#',...) local e=aim(a,n) if e then error(e,0) end return back(a,R.call(unpack(a,1,n))) end
function X.pcall(...) local a,n={...},select('#',...) local e=aim(a,n) if e then return {err='ERR '..e} end return back(a,R.pcall(unpack(a,1,n))) end
setmetatable(X,{__index=R,__metatable=false})
local function no() error('load and loadstring are not to be had here',0) end
local g=setmetatable({redis=X,KEYS=names,load=no,loadstring=no},{__index=function(t,k) if k=='_G' then return t end return G[k] end,__metatable=false})
return X,names,g,no,no
end)(redis,KEYS,_G)
