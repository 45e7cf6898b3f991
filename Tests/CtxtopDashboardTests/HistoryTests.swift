import CtxtopDashboard
import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import Testing

@Suite struct HistoryTests {
  private static let worker = RowIdentity.worker(slot: 0, generation: 1)
  private static let unit = RowIdentity.unit(worker: WorkerKey(slot: 0, generation: 1), id: 7, generation: 1)

  @Test func aSeriesKeepsTheLatest() {
    var series = Series(width: 2)
    #expect(series.values(of: 0) == [])
    for moment in 0..<Series.capacity + 5 { series.append { $0 == 0 ? Double(moment) : nil } }
    #expect(series.count == Series.capacity)
    #expect(series.recorded == Series.capacity + 5)
    #expect(series.values(of: 0).first == 5)
    #expect(series.values(of: 0, last: 2) == [603, 604])
    #expect(series.values(of: 1, last: 2) == [nil, nil])
    #expect(series.values(of: 0, last: -1) == [])
    #expect(series.values(of: 2) == [])
  }

  @Test func timesAreThoseThatWere() {
    var timeline = Timeline()
    #expect(timeline.age(back: 3, interval: 1_000) == 0)
    for second in [0, 1, 2, 7] as [UInt64] { timeline.append(second * 1_000_000_000) }
    #expect(timeline.age(back: 0, interval: 1_000) == 0)
    #expect(timeline.age(back: 1, interval: 1_000) == 5_000_000_000)
    #expect(timeline.age(back: 3, interval: 1_000) == 7_000_000_000)
    // Before the first, as many intervals as are in force now.
    #expect(timeline.age(back: 5, interval: 2_000) == 11_000_000_000)
  }

  @Test func theServicesNumbersAreThoseOfTheModel() throws {
    let session = Session(passes: 3)
    let history = session.state.history
    let rates = Model(now: Fixture.shop(at: 2), earlier: Fixture.shop(at: 1)).totals.rates
    #expect(history.values(of: .requests).count == 3)
    #expect(history.values(of: .requests).first == .some(nil))
    #expect(try #require(history.values(of: .requests).last) == rates?.requests)
    #expect(history.values(of: .leaked, last: 1) == [1])
    #expect(history.values(of: .reused, last: 1) == [1])
    #expect(history.values(of: .workers, last: 1) == [3])
    #expect(history.values(of: .connections, last: 1) == [5])
  }

  @Test func historyGoesOnWhilePaused() {
    var session = Session()
    session.press("p")
    let before = session.state.history.service.recorded
    session.press("g")
    let held = session.screen
    session.receive(Fixture.shop(at: 2))
    #expect(session.state.history.service.recorded == before + 1)
    #expect(session.state.history.series(of: Self.worker)?.recorded == before + 1)
    #expect(session.screen == held)
  }

  @Test func aWorkerIsRememberedUntilItLeaves() {
    var session = Session()
    #expect(session.state.history.series(of: Self.worker)?.count == 2)
    var without = Fixture.shop(at: 2)
    without.workers.removeFirst()
    session.receive(without)
    #expect(session.state.history.series(of: Self.worker) == nil)
    #expect(session.state.history.series(of: .worker(slot: 1, generation: 1))?.count == 3)
  }

  @Test func aWorkersNumbersAreThoseOfItsColumns() throws {
    let session = Session(passes: 3)
    let model = Model(now: Fixture.shop(at: 2), earlier: Fixture.shop(at: 1))
    let row = WorkerRow(model, worker: 0)
    let series = try #require(session.state.history.series(of: Self.worker))
    for (index, id) in WorkerNumbers.columns.enumerated() {
      let value = try #require(CtxtopModel.Table<WorkerRow>.workers.column(id)).value(row)
      let remembered = try #require(series.values(of: index, last: 1).first ?? nil)
      switch value {
      case .real(let number), .percent(let number): #expect(abs(remembered - number) < 1e-3, "\(id)")
      case .integer(let number), .duration(let number), .bytes(let number), .share(let number, _):
        #expect(remembered == Double(Float(number)), "\(id)")
      default: Issue.record("\(id) is no number")
      }
    }
  }

  @Test func anotherRowIsRememberedOnceItWasOpened() {
    var session = Session()
    #expect(session.state.history.series(of: Self.unit) == nil)
    var history = session.state.history
    let model = Model(now: Fixture.shop(at: 2), earlier: Fixture.shop(at: 1))
    history.track(Self.unit, in: model)
    history.append(model, at: 9)
    #expect(history.series(of: Self.unit)?.count == 2)
    session.press("2", .enter)
    for pass in 2..<4 { session.receive(Fixture.shop(at: UInt64(pass))) }
    #expect(session.screen.lines.contains { $0.contains("History since 2s") })
  }

  @Test func whatIsRememberedIsBounded() {
    var snapshot = Fixture.healthy(workers: History.workerLimit + 8, units: 1)
    snapshot.workers[0].units = (0..<40).map { Fixture.thread($0) }
    let model = Model(now: snapshot)
    var history = History()
    for id in 0..<40 { history.track(.unit(worker: snapshot.key, id: id, generation: 1), in: model) }
    history.append(model, at: 0)
    let units = (0..<40).filter {
      history.series(of: .unit(worker: snapshot.key, id: $0, generation: 1)) != nil
    }
    #expect(units == Array(8..<40))
    let workers = (0..<History.workerLimit + 8).filter {
      history.series(of: .worker(slot: $0, generation: 1)) != nil
    }
    #expect(workers == Array(0..<History.workerLimit))
  }

  @Test func whatHasLeftHasAGap() {
    var session = Session()
    var history = session.state.history
    history.track(Self.unit, in: Model(now: Fixture.shop()))
    history.append(Model(now: Fixture.service("shop", at: 1)), at: 1)
    #expect(history.series(of: Self.unit)?.values(of: 2) == [1, nil])
    session.press("q")
  }
}

extension Snapshot {
  /// The first worker.
  fileprivate var key: WorkerKey { WorkerKey(slot: 0, generation: 1) }
}
