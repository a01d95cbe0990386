local function host(name, mebibytes, rounds, luv_count)
  return { name = name, metric = "us", unit = "µs", rounds = rounds,
    chart = mebibytes == 1024 and "spawn, 1 GiB touched",
    contenders = {
      { "C", c "spawn", 300, mebibytes },
      { "posix_spawn", c "posix_spawn", 300, mebibytes },
      { "pipe", pipe "spawn", 300, mebibytes },
      { "luv", luv "spawn", luv_count, mebibytes }, -- few: each copies the host's page tables
      { "ngx.pipe", ngx "spawn", luv_count, mebibytes },
    } }
end

return {
  number = 2,
  title = "the same with memory touched in the host",
  cases = {
    host("nothing touched", 0, 21, 150),
    host("1 GiB touched", 1024, 9, 10),
    host("4 GiB touched", 4096, 5, 5),
  },
  figures = {
    { "1 GiB touched: time against none", most = 1.1, ratio = function(m)
      return m["1 GiB touched"].pipe / m["nothing touched"].pipe
    end },
    { "4 GiB touched: time against none", most = 1.1, ratio = function(m)
      return m["4 GiB touched"].pipe / m["nothing touched"].pipe
    end },
    { "1 GiB touched: luv's time against ours", least = 40, ratio = function(m)
      return m["1 GiB touched"].luv / m["1 GiB touched"].pipe
    end },
  },
}
