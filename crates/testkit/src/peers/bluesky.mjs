// One of the two servers of a small Bluesky: the directory of identities (in memory) or the personal data server (in a folder).
// Environment: ROLE (directory, server), PORT; for the server also DIRECTORY_URL, FOLDER, ROTATION_KEY, APPVIEW_URL. Prints "ready".
import { TestPds, TestPlc, mockNetworkUtilities } from '@atproto/dev-env'

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
