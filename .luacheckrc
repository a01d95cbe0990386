std = "luajit"
max_line_length = 120
exclude_files = { "build*", ".luarocks" }
files["spec"].std = "luajit+busted"
files[".busted"].std = "luajit"
files["rockspec"].std = "rockspec"
files[".luacheckrc"].std = "luacheckrc"
