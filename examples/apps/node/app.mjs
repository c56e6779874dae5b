const url = process.env.TIER_URL ?? 'http://127.0.0.1:7070';
const item = `${url}/v1/sessions/chat:node/items/greeting`;

const stored = await fetch(item, { method: 'PUT', headers: { 'Content-Type': 'text/plain' }, body: 'hello' });
if (!stored.ok) throw new Error(await stored.text());

const read = await fetch(item);
if (!read.ok) throw new Error(await read.text());
console.log(`${await read.text()} from ${read.headers.get('Tier-Source')}`);
