// One of the two servers of a small Bluesky: the directory of identities (in memory) or the personal data server (in a folder).
// Environment: ROLE (directory, server), PORT; for the server also DIRECTORY_URL, FOLDER, ROTATION_KEY, APPVIEW_URL. Prints "ready".
import Database from 'better-sqlite3'
import { TestPds, TestPlc, mockNetworkUtilities } from '@atproto/dev-env'

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

const { ROLE, PORT, DIRECTORY_URL, FOLDER, ROTATION_KEY, APPVIEW_URL } = process.env
if (ROLE === 'directory') {
  await TestPlc.create({ port: Number(PORT) })
} else {
  const server = await TestPds.create({
    port: Number(PORT),
    hostname: 'localhost',
    didPlcUrl: DIRECTORY_URL,
    dataDirectory: FOLDER,
    blobstoreDiskLocation: `${FOLDER}/blobs`,
    plcRotationKeyK256PrivateKeyHex: ROTATION_KEY,
    bskyAppViewUrl: APPVIEW_URL,
    bskyAppViewDid: 'did:web:appview.test',
  })
  mockNetworkUtilities(server)
}
console.log('ready')
