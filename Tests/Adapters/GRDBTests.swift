#if GRDB
  import CtxtopContexts
  import CtxtopGRDB
  import CtxtopSnapshot
  import GRDB
  import Glibc
  import Testing

  extension AdapterTests {
    @Suite("GRDB")
    struct GRDBTests {
      private let watched = Watched()
      private let request = RequestDescription(method: "GET", endpoint: "cart", rule: "/cart")

      private func database() throws -> TrackedDatabase<DatabaseQueue> {
        var configuration = Configuration()
        configuration.track(CtxtopContexts.Engine(url: "sqlite:///shop.db", poolSize: 1))
        return TrackedDatabase(try DatabaseQueue(configuration: configuration))
      }

      @Test("A connection is held by the request that reads or writes with it, and is closed with its database")
      func held() throws {
        let app = App(name: "shop")
        try app.start()
        defer { app.stop() }
        var database: TrackedDatabase? = try database()
        try app.withRequest(request) { _ in
          try database?.write { try $0.execute(sql: "CREATE TABLE cart (id)") }
          let held = try database?.read { row in
            #expect(try Int.fetchOne(row, sql: "SELECT count(*) FROM cart") == 0)
            return try watched.worker().connections
          }
          #expect(held?.map(\.state) == [.checkedOut])
          #expect(held?.first?.holder?.label?.endpoint == "cart")
          #expect(held?.first?.holder?.frame.contains("GRDBTests.swift") == true)
        }
        #expect(try watched.worker().connections.map(\.state) == [.idle])
        #expect(try watched.worker().engines.map(\.url) == ["sqlite:///shop.db"])
        try database?.writer.close()
        database = nil
        // GRDB's own thread may be the last to let go of it.
        for _ in 0..<1000 where try !watched.worker().connections.isEmpty { usleep(10_000) }
        #expect(try watched.worker().connections == [])
      }

      @Test("A task that reads on GRDB's thread is the holder")
      func asynchronous() async throws {
        let app = App(name: "shop", stacks: .task)
        try app.start()
        defer { app.stop() }
        let database = try database()
        let held = try await app.withRequest(request) { _ in
          try await database.read { [watched] _ in try watched.worker().connections }
        }
        #expect(held.first?.holder?.label?.endpoint == "cart")
        #expect(try watched.worker().connections.map(\.state) == [.idle])
      }
    }
  }
#endif
