// What the agent is told: each case in a process of its own, which has the agent to itself.

import CtxtopGuestTestKit
import Testing

@Suite("Swift contexts and the agent")
struct ProbeTests {
  @Test(
    "What the agent tells",
    arguments: [
      "healthy", "identity", "legacy", "pop", "stray", "settled", "connections", "resources", "sessions", "commit",
      "stream", "abandoned", "elsewhere", "late", "restart", "nested", "pushed", "job", "threadEnds", "messages",
      "tasks", "taskLeak", "cancelled", "child", "copy", "taskStream", "synchronous", "suspended", "taskJob",
    ])
  func plays(_ name: String) throws {
    let place = TemporaryDirectory()
    let probe = Probe(place.path, stem: name, executable: "ctxtop-contexts-probe")
    #expect(probe.allAnswers() == "")
    #expect(probe.wait() == 0)
  }

  @Test("Threads and tasks that do everything at once are counted exactly")
  func stress() throws {
    let place = TemporaryDirectory()
    let probe = Probe(place.path, stem: "stress", executable: "ctxtop-contexts-probe", more: ["200"])
    #expect(probe.allAnswers() == "")
    #expect(probe.wait() == 0)
  }
}
