// One of the three servers of a small Bluesky: the directory of identities (in memory), the service behind feeds, threads and
// notifications (in PostgreSQL, with the one beside it that keeps private settings), or the personal data server (in a folder).
// Environment: ROLE (directory, feeds, server), PORT; for the other two DIRECTORY_URL; for the feeds DATABASE_URL, SERVER_PORT; for the
// server FOLDER, ROTATION_KEY, FEEDS_URL, FEEDS_ID, and ELSEWHERE: a public origin and the one that really answers for it, in the place
// of a name server and a proxy with certificates. Prints "serving", the feeds with their identity.
import Database from 'better-sqlite3'

// The SQLite module ends the process when Node.js collects a statement or database of it outside any script: keep them all.
const kept = new Set()
const prepare = Database.prototype.prepare
Database.prototype.prepare = function (...source) {
  const statement = prepare.apply(this, source)
  kept.add(this).add(statement)
  return statement
}
Database.prototype.pragma = function (source, options) {
  const statement = this.prepare(`PRAGMA ${source}`)
  if (!statement.reader) return void statement.run()
  return options?.simple ? statement.pluck().get() : statement.all()
}

const { ROLE, PORT, DIRECTORY_URL, DATABASE_URL, SERVER_PORT, FOLDER, ROTATION_KEY, FEEDS_URL, FEEDS_ID, ELSEWHERE } = process.env
const port = Number(PORT)

if (ELSEWHERE) {
  const [named, really] = ELSEWHERE.split(' ')
  const ask = globalThis.fetch
  globalThis.fetch = async function (input, init) {
    const request = new Request(input, init)
    return request.url.startsWith(`${named}/`) ? ask(request.url.replace(named, really), { headers: request.headers }) : ask(input, init)
  }
}
// Only now: it keeps the way of asking that it finds.
const { TestBsky, TestBsync, TestPds, TestPlc, mockNetworkUtilities, mockResolvers } = await import('@atproto/dev-env')

async function directory() {
  await TestPlc.create({ port })
}

async function feeds() {
  const key = 'only-for-tests'
  const settings = await TestBsync.create({ apiKeys: [key], dbUrl: DATABASE_URL, dbSchema: 'settings' })
  const feeds = await TestBsky.create({
    port,
    plcUrl: DIRECTORY_URL,
    bsyncApiKey: key,
    bsyncUrl: settings.url,
    repoProvider: `ws://localhost:${SERVER_PORT}`,
    dbPostgresUrl: DATABASE_URL,
    dbPostgresSchema: 'feeds',
  })
  settings.ctx.dataplaneClients = [feeds.ctx.dataplane]
  // Names of people are asked for at the one server there is, which starts after this.
  const url = `http://localhost:${SERVER_PORT}`
  const server = { url, port: SERVER_PORT, ctx: { cfg: { service: { publicUrl: url }, identity: { serviceHandleDomains: ['.test'] } } } }
  mockResolvers(feeds.ctx.idResolver, server)
  mockResolvers(feeds.dataplane.idResolver, server)
  return feeds.serverDid
}

async function server() {
  const server = await TestPds.create({
    port,
    hostname: 'localhost',
    didPlcUrl: DIRECTORY_URL,
    dataDirectory: FOLDER,
    blobstoreDiskLocation: `${FOLDER}/blobs`,
    plcRotationKeyK256PrivateKeyHex: ROTATION_KEY,
    bskyAppViewUrl: FEEDS_URL,
    bskyAppViewDid: FEEDS_ID,
  })
  mockNetworkUtilities(server)
}

console.log('serving', (await { directory, feeds, server }[ROLE]()) ?? '')
