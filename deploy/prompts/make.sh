#!/bin/sh
# Makes every prompt of the server from text: espeak-ng (Mandarin) and sox, 8 kHz mono 16 bit, speech at -20 dBFS RMS.
# Run in this folder; the WAV files are committed, so nobody needs these tools to build.
set -eu

say() { # name, text
    espeak-ng -v cmn -s 165 -p 55 -w "$1.raw.wav" "$2"
    sox "$1.raw.wav" -r 8000 -c 1 -b 16 "$1.wav" silence 1 0.02 0.1% reverse silence 1 0.02 0.1% reverse pad 0.15 0.25
    rms=$(sox "$1.wav" -n stats 2>&1 | awk '/^RMS lev dB/ { print $4 }')
    sox "$1.wav" "$1.level.wav" gain -l "$(awk "BEGIN { print -20 - ($rms) }")"
    mv "$1.level.wav" "$1.wav"
    rm "$1.raw.wav"
}

say welcome "您好，这里是 12345 政务服务便民热线。"
say waiting "坐席正忙，请您稍候。"
say agent_lost "坐席线路中断，正在为您重新接通，请不要挂机。"
say recorded "本次通话将被录音。"
say revisit "您好，这里是 12345 热线回访。"
say ahead_0 "您是下一位。"
for n in 1 2 3 4 5 6 7 8 9; do say "ahead_$n" "您前面还有 $n 位。"; done
say ahead_many "您前面还有十位以上。"

# The announcement that ends a call is exactly two seconds long.
say closing "感谢您的来电，再见。"
sox closing.wav closing.cut.wav pad 0 2 trim 0 2.0
mv closing.cut.wav closing.wav

# Hold music: 24 seconds of slow broken chords (C, Am, F, G), composed here, soft enough to talk over.
chord() { # output, four frequencies
    sox -n -r 8000 -c 1 -b 16 "$1" synth 6 sine "$2" sine "$3" sine "$4" sine "$5" remix - \
        tremolo 0.33 35 fade q 0.4 6 0.4 gain -n -14
}
note() { sox -n -r 8000 -c 1 -b 16 "$1" synth 1.5 triangle "$2" fade q 0.02 1.5 1.2 gain -n -16; }
chord c.wav 261.63 329.63 392.00 130.81
chord a.wav 220.00 261.63 329.63 110.00
chord f.wav 174.61 220.00 261.63 349.23
chord g.wav 196.00 246.94 293.66 392.00
sox c.wav a.wav f.wav g.wav pad.wav
i=0
for hz in 523.25 659.25 783.99 659.25 440.00 523.25 659.25 523.25 349.23 440.00 523.25 440.00 392.00 493.88 587.33 493.88; do
    i=$((i + 1))
    note "n$(printf %02d $i).wav" "$hz"
done
sox n??.wav melody.wav
sox -m pad.wav melody.wav music.wav gain -n -12
rm -f c.wav a.wav f.wav g.wav pad.wav melody.wav n??.wav
