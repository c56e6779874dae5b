// Drives node-redis and ioredis against the port that is given, in the ways that apps use them. Prints one line of JSON.
import { createClient } from 'redis';
import Redis from 'ioredis';

const port = Number(process.argv[2]);
const told = {};

async function nodeRedis(version) {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, RESP: version });
  client.on('error', error => { throw error; });
  await client.connect();
  const key = `node-redis:${version}`;
  await client.set(key, 'value', { EX: 100 });
  await client.hSet(`${key}:h`, { a: '1', b: '2' });
  const subscriber = client.duplicate();
  await subscriber.connect();
  const heard = new Promise(resolve => subscriber.subscribe(`${key}:news`, resolve));
  await new Promise(resolve => setImmediate(resolve));
  await client.publish(`${key}:news`, 'hello');
  const result = {
    get: await client.get(key),
    ttl: (await client.ttl(key)) > 90,
    hash: { ...(await client.hGetAll(`${key}:h`)) },
    exec: await client.multi().incr(`${key}:n`).incrBy(`${key}:n`, 41).get(`${key}:n`).exec(),
    heard: await heard,
  };
  let keys = 0;
  for await (const page of client.scanIterator({ MATCH: `${key}*` })) keys += page.length;
  result.keys = keys;
  await subscriber.close();
  await client.close();
  return result;
}

async function ioRedis() {
  const client = new Redis({ port, host: '127.0.0.1' });
  const key = 'ioredis';
  await client.set(key, 'value', 'PX', 100000);
  await client.hset(`${key}:h`, { a: '1', b: '2' });
  const subscriber = client.duplicate();
  const heard = new Promise(resolve => subscriber.on('message', (_, message) => resolve(message)));
  await subscriber.subscribe(`${key}:news`);
  await client.publish(`${key}:news`, 'hello');
  const piped = await client.pipeline().incr(`${key}:n`).incrby(`${key}:n`, 41).get(`${key}:n`).exec();
  const executed = await client.multi().set(`${key}:m`, '1').get(`${key}:m`).exec();
  const result = {
    get: await client.get(key),
    ttl: (await client.pttl(key)) > 90000,
    hash: await client.hgetall(`${key}:h`),
    piped: piped.map(([, reply]) => reply),
    executed: executed.map(([, reply]) => reply),
    buffer: (await client.getBuffer(key)).toString('hex'),
    heard: await heard,
  };
  await Promise.all([subscriber.quit(), client.quit()]);
  return result;
}

told.nodeRedis2 = await nodeRedis(2);
told.nodeRedis3 = await nodeRedis(3);
told.ioredis = await ioRedis();
console.log(JSON.stringify(told));
