@echo off
setlocal
set "MODEL=C:\m\a.gguf"
set CTX=4096
if not "%1"=="" set CTX=%1
for %%f in (a b) do echo %%f
start "llm" /b llama-server.exe -m "%MODEL%" -c %CTX% ^
  -ngl 99 --fit off & goto :end
:end
rem llama-server -c 1
