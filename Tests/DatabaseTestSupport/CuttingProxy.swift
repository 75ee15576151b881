import Foundation
import Synchronization

/// Stands between a program and a PostgreSQL server, and cuts a connection as it says COMMIT.
///
/// It listens on a Unix socket in a folder of its own, so that the server's URL with another `host` leads here.
package final class CuttingProxy: Sendable {
  /// What becomes of the commit whose connection is cut.
  package enum Moment: Sendable, CaseIterable {
    /// It never reaches the server.
    case before
    /// The server carries it out at once, and its answer is lost.
    case after
    /// It reaches the server when the program has noticed the loss for a while.
    case late
  }

  package let folder: TemporaryFolder
  private let server: String
  private let listener: Int32
  private let moment = Mutex<Moment?>(nil)

  /// - Parameter server: folder of the server's socket.
  package init(to server: String) throws {
    folder = try TemporaryFolder()
    self.server = server
    listener = Self.makeSocket()
    guard
      Self.withAddress(folder.path, { address, length in bind(listener, address, length) }) == 0,
      listen(listener, 16) == 0
    else { throw PostgreSQLServer.Failure(description: "the proxy cannot listen: \(String(cString: strerror(errno)))") }
    Thread.detachNewThread { [listener, weak self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0, let self else { return }
        self.serve(client)
      }
    }
  }

  /// Cuts the connection that says COMMIT next; later ones are left alone.
  package func cutNextCommit(_ moment: Moment) { self.moment.withLock { $0 = moment } }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  private static func makeSocket() -> Int32 { socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0) }

  private static func withAddress(_ folder: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array("\(folder)/.s.PGSQL.5432".utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    return withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
  }

  /// Passes bytes on in both directions until one side ends or the connection is cut.
  private func serve(_ client: Int32) {
    let backend = Self.makeSocket()
    guard Self.withAddress(server, { address, length in connect(backend, address, length) }) == 0 else {
      close(client)
      close(backend)
      return
    }
    Thread.detachNewThread { [self] in
      var isCut = false
      while !isCut, let bytes = Self.receive(client) {
        if bytes.suffix(12) == [0x51, 0, 0, 0, 11] + Array("COMMIT\0".utf8), let moment = takeMoment() {
          isCut = true
          cut(moment, bytes, client: client, backend: backend)
        } else if !Self.send(backend, bytes) {
          break
        }
      }
      for end in [client, backend] { shutdown(end, Int32(SHUT_RDWR)) }
    }
    Thread.detachNewThread {
      while let bytes = Self.receive(backend), Self.send(client, bytes) {}
      for end in [client, backend] { shutdown(end, Int32(SHUT_RDWR)) }
    }
  }

  private func cut(_ moment: Moment, _ bytes: [UInt8], client: Int32, backend: Int32) {
    // Nothing more goes to the client, whatever the server says.
    shutdown(client, Int32(SHUT_RDWR))
    switch moment {
    case .before: return
    case .after: break
    case .late: Thread.sleep(forTimeInterval: 0.5)
    }
    _ = Self.send(backend, bytes)
    // The server answers into a closed connection; it is given the time to.
    Thread.sleep(forTimeInterval: 0.2)
  }

  private func takeMoment() -> Moment? {
    moment.withLock { moment in
      defer { moment = nil }
      return moment
    }
  }

  /// Whether the connection was cut that was to be.
  package var hasCut: Bool { moment.withLock { $0 == nil } }

  private static func receive(_ end: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(end, &bytes, bytes.count, 0)
    return count > 0 ? Array(bytes[..<count]) : nil
  }

  private static func send(_ end: Int32, _ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(end, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }
}
