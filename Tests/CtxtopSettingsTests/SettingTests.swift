// The table of settings.

import CtxtopSettings
import Testing

@Suite struct SettingTests {
  @Test func keysAndVariablesAreUnique() {
    #expect(Set(Setting.all.map(\.key)).count == Setting.all.count)
    #expect(Set(Setting.all.map(\.variable)).count == Setting.all.count)
  }
}
