// Who rows are, what they belong to, and the tree.

import CtxtopSnapshot
import CtxtopTestKit
import Testing

@testable import CtxtopModel

private let shop = Model(now: Fixture.shop(at: 1), earlier: Fixture.shop(at: 0))

@Suite("Identities")
struct IdentityTests {
  @Test("Every row is found again by its identity, and no two have the same one")
  func found() {
    var snapshot = Fixture.shop(at: 1)
    snapshot.workers[0].sessions = [OrphanSessionTests.session { $0.id = 30 }]
    snapshot.workers[0].resources = [Resource(id: 31, generation: 1)]
    let model = Model(now: snapshot, earlier: Fixture.shop(at: 0))
    #expect(model.workerRows.allSatisfy { model.worker(for: $0.identity)?.index == $0.index })
    #expect(model.unitRows.allSatisfy { model.unit(for: $0.identity)?.unit == $0.unit })
    #expect(model.contextRows.allSatisfy { model.context(for: $0.identity)?.context == $0.context })
    #expect(model.holdingRows.allSatisfy { model.holding(for: $0.identity)?.kind == $0.kind })
    #expect(model.failureGroups.allSatisfy { model.failure(for: $0.identity)?.failure == $0.failure })
    #expect(model.verdictRows.allSatisfy { model.verdict(for: $0.identity)?.index == $0.index })
    let all =
      model.workerRows.map(\.identity) + model.unitRows.map(\.identity) + model.contextRows.map(\.identity)
      + model.holdingRows.map(\.identity) + model.failureGroups.map(\.identity) + model.verdictRows.map(\.identity)
    #expect(Set(all).count == all.count)
  }

  @Test("The next tenant of a slot or of a record is another one, and what has left is not found")
  func tenants() {
    var snapshot = Fixture.shop(at: 1)
    snapshot.workers[0].generation += 1
    snapshot.workers[1].units[0].generation += 1
    snapshot.workers[1].connections[0].generation += 1
    let model = Model(now: snapshot)
    #expect(model.worker(for: shop.workerRows[0].identity) == nil)
    #expect(model.unit(for: shop.unitRows[0].identity) == nil)
    #expect(model.unit(for: shop.unitRows[8].identity) == nil)
    let connection = HoldingRow(shop, worker: 1, .connection(0)).identity
    #expect(shop.holding(for: connection) != nil && model.holding(for: connection) == nil)
    #expect(shop.verdictRows.prefix(3).allSatisfy { model.verdict(for: $0.identity) == nil })
    #expect(model.subject(of: shop.unitRows[0].identity) == nil)
  }

  @Test("A worker is found by its slot where slots are missing")
  func slots() {
    var snapshot = Fixture.shop()
    snapshot.workers.remove(at: 1)
    let model = Model(now: snapshot)
    #expect(model.workerRows.map { model.worker(for: $0.identity)?.worker.pid } == [4312, 4314, 4315])
  }

  @Test("A row of one kind is not looked up as another")
  func kinds() {
    let unit = shop.unitRows[0].identity
    #expect(shop.worker(for: unit) == nil && shop.context(for: unit) == nil && shop.holding(for: unit) == nil)
    #expect(shop.failure(for: unit) == nil && shop.verdict(for: unit) == nil)
  }
}

@Suite("Subjects")
struct SubjectTests {
  @Test("A verdict leads to what it speaks of, the nearest first")
  func verdicts() {
    let leader = WorkerKey(slot: 0, generation: 1)
    #expect(
      shop.verdictRows.map { shop.subject(of: $0.identity) } == [
        .context(worker: leader, serial: 77), .context(worker: leader, serial: 77),
        .connection(worker: leader, id: 0, generation: 1), .worker(slot: 3, generation: 1),
        .failure(FailureKey(Fixture.failure())),
      ])
  }

  @Test("A session, a unit")
  func others() {
    let key = WorkerKey(slot: 0, generation: 1)
    let scene = Scene().with {
      $0.sessions = [OrphanSessionTests.session()]
      $0.vanished = [VanishedContext()]
      $0.vanished[0].unit = 1
    }
    let model = Model(now: scene.now, earlier: scene.earlier)
    #expect(
      model.verdictRows.map { model.subject(of: $0.identity) }
        == [.session(worker: key, id: 3, generation: 1), .unit(worker: key, id: 1, generation: 1)])
  }

  @Test("Everything else leads up to its worker")
  func upwards() {
    let key = WorkerKey(slot: 0, generation: 1)
    let unit = RowIdentity.unit(worker: key, id: 7, generation: 1)
    #expect(shop.subject(of: .context(worker: key, serial: 77)) == unit)
    #expect(shop.subject(of: unit) == .worker(key))
    #expect(shop.subject(of: .worker(key)) == nil)
    #expect(
      shop.subject(of: .connection(worker: key, id: 0, generation: 1)) == .unit(worker: key, id: 3, generation: 1))
    #expect(shop.subject(of: .connection(worker: key, id: 4, generation: 1)) == .worker(key))
    #expect(shop.subject(of: shop.failureGroups[0].identity) == .worker(key))
  }
}

@Suite("Tree")
struct HierarchyTests {
  private func names(_ nodes: [TreeNode]) -> [String] {
    nodes.map { node in
      let lines = (0..<node.depth).map { node.trunks >> UInt8($0) & 1 == 1 ? "|" : " " }.joined()
      return lines + (node.isLast ? "`" : "+") + name(node.row) + (node.hasChildren ? ">" : "")
    }
  }

  private func name(_ row: TreeRow) -> String {
    switch row {
    case .target(let row): "target \(row.target.name)"
    case .worker(let row): "worker \(row.worker.pid)"
    case .unit(let row): "unit \(row.unit.id)"
    case .context(let row): "context \(row.context.serial)"
    case .holding(let row): "\(row.kindName) \(row.id)"
    }
  }

  /// Two units: one is gone and left context 77; the other serves in contexts 10 and 11. What is held hangs on each.
  private func scene() -> Model {
    let scene = Scene().with { worker in
      Fixture.serve(&worker.units[1], serial: 5, Fixture.cart, for: 1)
      worker.units[0].isGone = true
      worker.units[0].contexts = [Scene.context(request: 9)]
      func held(_ id: Int, unit: Int?, _ generation: UInt64 = 1, context: UInt64) -> Connection {
        var connection = Fixture.idle(id)
        connection.state = .checkedOut
        connection.holder = Holder(
          unit: unit, unitGeneration: generation, request: 5, context: context, label: nil, frame: "")
        return connection
      }
      worker.connections = [
        Fixture.idle(0), held(1, unit: 1, context: 10), held(2, unit: 1, context: 0), held(3, unit: 0, context: 500),
        held(4, unit: 1, context: 77), held(5, unit: 1, 9, context: 0), held(6, unit: nil, context: 11),
      ]
      worker.sessions = [OrphanSessionTests.session { $0.id = 7 }]
      worker.resources = [Resource(id: 8, generation: 1)]
      worker.resources[0].kind = "lock"
    }
    return Model(now: scene.now, earlier: scene.earlier)
  }

  @Test("Each thing hangs in one place, the stack from bottom to top")
  func whole() {
    #expect(
      names(Hierarchy(scene()).nodes { _ in true }) == [
        "`worker 4312>",
        " +unit 1>",
        " |+context 10>",
        " ||`connection 1",
        " |+context 11>",
        " ||`connection 6",
        " |`connection 2",
        " +unit 0>",
        " |`context 77>",
        " | +connection 4",
        " | `session 7",
        " +connection 3",
        " +connection 5",
        " `lock 8",
      ])
  }

  @Test("What is folded hides what hangs on it, and says that something does")
  func folded() {
    let model = scene()
    let tree = Hierarchy(model)
    #expect(names(tree.nodes { _ in false }) == ["`worker 4312>"])
    let worker = model.workerRows[0].identity
    #expect(
      names(tree.nodes { $0 == worker })
        == ["`worker 4312>", " +unit 1>", " +unit 0>", " +connection 3", " +connection 5", " `lock 8"])
  }

  @Test("Children and parent agree, and so do rows and identities")
  func parents() throws {
    let tree = Hierarchy(scene())
    for node in tree.nodes(isOpen: { _ in true }) {
      for child in tree.children(of: node.row) {
        #expect(tree.parent(of: child)?.identity == node.row.identity)
      }
      #expect(tree.children(of: node.row.identity) == tree.children(of: node.row).map(\.identity))
      #expect(tree.row(for: node.row.identity)?.identity == node.row.identity)
    }
    #expect(tree.parent(of: .holding(HoldingRow(scene(), worker: 0, .connection(0)))) == nil)
    #expect(tree.children(of: shop.verdictRows[0].identity) == [])
  }

  @Test("Workers stand in the order given")
  func order() {
    let rows = Array(shop.workerRows.reversed())
    #expect(
      names(Hierarchy(shop).nodes(workers: rows) { _ in false })
        == ["+worker 4315>", "+worker 4314>", "+worker 4313>", "`worker 4312>"])
  }

  @Test("Every unit, every context and all that is out is in it exactly once")
  func complete() {
    let nodes = Hierarchy(shop).nodes { _ in true }
    let out = shop.holdingRows.filter(\.isOut).map(\.identity)
    let expected =
      shop.workerRows.map(\.identity) + shop.unitRows.map(\.identity) + shop.contextRows.map(\.identity) + out
    #expect(nodes.count == expected.count)
    #expect(Set(nodes.map(\.row.identity)) == Set(expected))
  }
}
